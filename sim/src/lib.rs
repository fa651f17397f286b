//! Golden models, traffic and captures of seqnic
