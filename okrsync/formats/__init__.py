"""A page as text, Markdown, HTML, CSV or JSON, and the files that hold one."""
