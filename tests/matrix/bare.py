"""Owns a kernel of another environment that a test speaks to without any front end."""

import contextlib
import json
import os

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

DEADLINE = 60


@contextlib.contextmanager
def bare(python, folder, env):
    """A client of a kernel that runs in this interpreter."""
    (folder / "bare").mkdir()
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    told = {"argv": argv, "display_name": "bare", "language": "python"}
    (folder / "bare" / "kernel.json").write_text(json.dumps(told))
    specs = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="bare", kernel_spec_manager=specs)
    manager.start_kernel(env={**os.environ, **env, "IPYTHONDIR": str(folder / "ipython")})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
