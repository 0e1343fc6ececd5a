"""What is owed: lines and their limits, drawdowns, receipts, the ledger, day end.

Is there room on the line? ................ sql/commit.sql        the limit is checked where money is written
What is owed on a day, and why ............ rules/                its own contents page: rules/__init__.py
Interest; penalty (罚息) .................. rules/interest.py, rules/penalty.py; charged by bring_forward.py
A receipt shared out ...................... rules/allocation.py
Accounts and postings ..................... rules/accounts.py

Decide a limit ............................ decide_limit.py
Authorise an order (冻结) ................. authorise_order.py
Capture it (使用) ......................... capture_order.py
Void it (解冻) ............................ void_order.py
Refund goods (退货) ....................... refund_order.py
Record a receipt; reverse one ............. record_receipt.py, reverse_receipt.py; their rows: receipts.py
Run day end; a test tenant's clock ........ run_day.py, move_clock.py; day by day: day.py, bring_forward.py
Paid to the merchant; a goodwill credit ... set_off_payment.py, give_goodwill.py; both: without_cash.py
Waive; add a charge ....................... waive_charges.py, add_charge.py
Pause interest; change the rate ........... pause_interest.py, change_rate.py
Dispute goods; its verdict ................ open_dispute.py, resolve_dispute.py
Silence while unsure; its outcome ......... begin_silence.py, end_silence.py
Extend (展期); one date; another due day .. extend_due_dates.py, move_due_date.py, change_due_day.py
Restructure, write off .................... restructure_debt.py, write_off_debt.py
Convert to instalments (账单分期) ......... convert_to_instalments.py
What these have in common ................. after_sale.py
Cut a statement (账单), and its cycle ..... cycles.py; its reads: cycle_facts.py
Preview the next statement ................ preview_statement.py
The timetable ............................. jobs.py
Verify the book ........................... verify_book.py; its reads: verification.py
Quotes and payoffs ........................ quotes.py
Why an amount is what it is ............... explanations.py

A money command, its shape and rows ....... command.py, statement_rows.py, rows.py
The writer of money and its queue ......... commit.py, commit_queue.py, sql/commit.sql, sql/write_rows.sql,
                                            sql/write_statements.sql
What is loaded, kept, read, looked back at  loaded.py, known.py, queries.py, history.py, statements.py
Tables .................................... tables.py
Refusals; topics of outbox and audit ...... errors.py, events.py
Routes; what they answer .................. api/, schemas/
"""
