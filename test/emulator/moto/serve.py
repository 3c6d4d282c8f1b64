"""Serves moto on a free loopback port, says which one, and ends with its standard input.

Standard input is a pipe from whoever started it: however that process ends, even killed, the pipe closes and moto goes with it.
"""

import signal
import sys

from moto.server import ThreadedMotoServer

# Ctrl-C in a terminal reaches us too; our parent first ends the tests and then us.
signal.signal(signal.SIGINT, signal.SIG_IGN)

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
