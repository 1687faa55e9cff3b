"""Reports of runs: HTML, Markdown, JUnit XML, and comparisons of several runs."""
