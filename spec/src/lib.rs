//! Configuration, header fields, row and prefix layouts of seqnic
