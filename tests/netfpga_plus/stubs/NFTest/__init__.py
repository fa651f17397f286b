"""A stand-in of the tree's test library: it prints its calls, and the frames in them as hexadecimal."""

import sys


def isHW():
    return "--hw" in sys.argv


def shown(value):
    if isinstance(value, list):
        return " ".join(map(shown, value))
    if isinstance(value, str):
        return value
    return "%.9f:%s" % (value.time, value.data.hex())


def recorded(name):
    def call(*args, **kwargs):
        print(name, *map(shown, args))
    return call


nftest_init = recorded("init")
nftest_start = recorded("start")
nftest_send_phy = recorded("send_phy")
nftest_expect_phy = recorded("expect_phy")
nftest_expect_dma = recorded("expect_dma")
nftest_barrier = recorded("barrier")
nftest_finish = recorded("finish")
