"""Runs a program as Python would, noting connections and printing what libraries should not print.

argv: the file for notes, then what Python was called with. A file named `python` beside the notes calls this.
"""

import os
import runpy
import sys

notes, *arguments = sys.argv[1:]


def watch(event: str, details: tuple) -> None:
    """Notes every name that is looked up and every connection."""
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(notes, "a") as file:
            file.write(f"{event} {details[1:]}\n")


class Noise:
    """Prints in all ways when PEFT is imported."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Finds nothing; the next finder does."""
        if name == "peft":
            print("noise of a library")
            os.write(1, b"noise of native code\n")
            os.system("echo noise of a child")


sys.addaudithook(watch)
sys.meta_path.insert(0, Noise())
sys.argv = [argument for argument in arguments if argument != "-s"]
runpy.run_path(sys.argv[0], run_name="__main__")
