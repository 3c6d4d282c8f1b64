"""Serves moto on a free loopback port, prints the port, and exits at the end of standard input.

Standard input is a pipe from the parent process. When that process ends, even if it is killed, the pipe ends and moto exits.
"""

import signal
import sys

from moto.server import ThreadedMotoServer

# A terminal sends Ctrl-C to this process too. The parent ends the tests first, then this process.
signal.signal(signal.SIGINT, signal.SIG_IGN)

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
