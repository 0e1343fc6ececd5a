"""Imports: a file's rows through the use cases, streamed, told, resumable.

Run a file from begin to end .......... runner.py
Try one without writing ............... dry_run.py
Open a file of any format ............. files.py
CSV and NDJSON, line by line .......... text_files.py
Parquet, slice by slice ............... parquet_files.py
Receipts, through billing ............. receipts.py
The refused rows as a file ............ error_file.py
What an import refuses ................ errors.py
A mapping by name or path ............. mapping_files.py, mappings/
"""
