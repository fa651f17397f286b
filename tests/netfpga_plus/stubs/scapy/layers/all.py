"""A stand-in of Scapy: a frame that keeps its bytes."""


class Ether:
    def __init__(self, data):
        assert isinstance(data, bytes)
        self.data = data
        self.time = 0.0
