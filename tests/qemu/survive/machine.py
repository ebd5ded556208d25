# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine of tests/qemu/survive-*.test, over QMP."""

import json
import os
import socket
import time

SOAK = float(os.environ.get('PERIPH_SOAK', '8'))


class Machine:
    def __init__(self, path='qmp'):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        for _ in range(1200):
            try:
                self.sock.connect(path)
                break
            except ConnectionRefusedError:
                time.sleep(0.1)     # there already, but not listening yet
        self.file = self.sock.makefile('rw')
        self.file.readline()
        self.events = []
        self.cmd('qmp_capabilities')

    def cmd(self, name, **arguments):
        self.file.write(json.dumps({'execute': name,
                                    'arguments': arguments}) + '\n')
        self.file.flush()
        while True:
            message = json.loads(self.file.readline())
            if 'error' in message:
                raise RuntimeError(message['error']['desc'])
            if 'return' in message:
                return message['return']
            self.events.append(message['event'])

    def word(self, address):
        """64 bits of memory, without stopping the guest."""
        text = self.cmd('human-monitor-command',
                        **{'command-line': f'xp /1gx {address:#x}'})
        return int(text.split(':')[1], 16)

    def progress(self, cpu=0):
        return self.word(0x40f00100 + cpu * 8)

    def errors(self, cpus=1):
        return sum(self.word(0x40f00180 + cpu * 8) for cpu in range(cpus))

    def goes_on(self, cpu=0, rounds=100, seconds=60):
        """Does the guest do so many rounds more?"""
        start = self.progress(cpu)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.progress(cpu) >= start + rounds:
                return True
            time.sleep(0.02)
        return False


def check(name, good, why=''):
    print(f'{"ok" if good else "not ok"} {name}'
          f'{"" if good or why == "" else f": {why}"}', flush=True)
