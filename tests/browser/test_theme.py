"""The themes of JupyterLab."""

from colours import COLOURS, contrast
from stage.labs import SHOW

_DARK = "name => jupyterapp.commands.execute('apputils:change-theme', { theme: name })"


def test_colours_are_those_of_the_theme(notebook):
    notebook.works(SHOW)
    root = notebook.page.locator(".cocalc-widget")
    root.wait_for()
    seen = {}
    for name in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.page.evaluate(_DARK, name)
        light = str(name.endswith("Light")).lower()
        notebook.page.locator(f"body[data-jp-theme-light={light}]").wait_for(state="attached")
        notebook.page.wait_for_function(
            "dark => { const c = getComputedStyle(document.body)"
            ".getPropertyValue('--jp-layout-color1').trim().toLowerCase();"
            " return dark !== ['white', '#fff', '#ffffff'].includes(c) }",
            arg=name.endswith("Dark"),
        )
        colours = seen[name] = root.evaluate(COLOURS)
        assert colours["back"] == colours["theme"]["back"]
        assert colours["text"] == colours["link"] == colours["theme"]["text"]
        assert contrast(colours["text"], colours["back"]) >= 4.5
        assert colours["dot"] != colours["back"]
    assert seen["JupyterLab Light"]["back"] != seen["JupyterLab Dark"]["back"]
