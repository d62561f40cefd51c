"""Pictures of figures: their layout, their drawing as SVG and PNG, and the scale of colours of the levels.

The charts are drawn by this package, after a look at libraries (November 2026). A page needs a picture that fills its
column while its letters keep their size, colours of the page in light, dark and forced colours under a policy without
inline styles, tiles that are links with names, and names of strangers that cannot become code. Pygal draws pictures of
a fixed shape with its own styles and scripts, Plotly and Vega-Altair need a browser or a JavaScript engine to draw a
picture, and Matplotlib writes letters as outlines, which screen readers cannot read. A picture here takes some thirty
lines.
"""
