

# Reports leave by this port. They are made of copies, each of so many bytes at most, the header in front included.
REPORT_PORT = @REPORT_PORT@
MOST_BYTES = @MOST_BYTES@


def set_reports(port=REPORT_PORT):
    """Sends reports to this port."""
    bfrt.mirror.cfg.entry_with_normal(
        sid=@SESSION@,
        direction="@DIRECTION@",
        session_enable=True,
        ucast_egress_port=port,
        ucast_egress_port_valid=True,
        max_pkt_len=MOST_BYTES,
    ).push()
    bfrt.complete_operations()


set_reports()
