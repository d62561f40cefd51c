"""Pictures of figures: their layout, their drawing as SVG and PNG, and the scale of colours of the levels.

Drawn by hand after a look at libraries (November 2026). What a page needs here is that a picture fills its column while
its letters keep their size, that its colours are those of the page in light, dark and forced colours under a policy
without inline styles, that tiles are links with names, and that names of strangers are inert. Pygal draws pictures of a
fixed shape with styles and scripts of its own, Plotly and Vega-Altair need a browser or a JavaScript engine to draw
one, and Matplotlib writes letters as outlines that no reader hears. A picture here takes some thirty lines.
"""
