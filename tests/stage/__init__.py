"""What several folders of tests and benches stand on: a stand-in, JupyterLab, Chromium, servers."""
