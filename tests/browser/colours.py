"""Owns the colours of a view as people see them, and the contrast between two."""

COLOURS = """root => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    // as seen: many of JupyterLab's colours let the background through
    for (const one of [getComputedStyle(root).backgroundColor, colour]) {
      canvas.fillStyle = one;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const style = (node) => getComputedStyle(node);
  const theme = (name) => rgb(style(document.body).getPropertyValue(name).trim());
  return {
    text: rgb(style(root.querySelector("[role=status]")).color),
    link: rgb(style(root.querySelector("a")).color),
    back: rgb(style(root).backgroundColor),
    dot: rgb(style(root.querySelector("i")).backgroundColor),
    theme: { text: theme("--jp-ui-font-color2"), back: theme("--jp-layout-color1") },
  };
}"""


def contrast(one, other):
    """The contrast ratio of the Web Content Accessibility Guidelines."""

    def luminance(colour):
        parts = [c / 255 for c in colour]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
