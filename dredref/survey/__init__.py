"""Surveys of many captures and media files: which carry DRED, how much, and what is wrong.

:func:`dredref.survey.run.run_survey` reads them on a Dask cluster and writes a Parquet data set;
:func:`dredref.survey.report.write_report` makes a page of it. The extra ``survey`` brings Dask,
pyarrow and fsspec.
"""
