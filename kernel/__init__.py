"""The ground all else stands on: knows no tenant's business and imports none of the other packages.

Settings and servers
    The environment ...................... settings.py   load_settings(environ) -> Settings
    Embedded PostgreSQL and Valkey ....... serve/        start_stack(settings) -> Stack
Words that all packages share
    Money: currencies, the one rounding .. money.py      round_ratio(numerator, denominator, mode)
    Time: the only place that asks it .... clock.py      real_now(), business_date(at, zone, cut_off)
    Ids: UUIDv7 inside, drw_01K… outside . ids.py        uuid7(), encode(prefix, id), decode(prefix, text)
    Who is asking, and may they .......... context.py    Ctx, ctx.require("buyers:write")
    Refusals with a code ................. errors.py     DomainError
    Chinese and English words ............ i18n.py       text(locale, msgid)
The database: db/ has its own page
    One tenant's transaction ............. db/scope.py   async with scope(ctx) as tx
    Token, wall, history behind it ....... sql/check_scope.sql, sql/tenant_id.sql, sql/tenant_table.sql,
                                           sql/append_only.sql, sql/refuse_change.sql
    Its tables ........................... tables.py     tenant, tenant_day, outbox, audit, schedule ...
What every write leaves beside it
    Who did what ......................... audit.py      record(tx, ctx, action, kind, id, detail)
    The chain over it .................... seal_audit.py
    What happened, for others ............ outbox.py     emit(tx, ctx, topic, payload)
    Reading it ........................... outbox_reader.py, sql/claim_outbox.sql
    The same request once ................ idempotency.py   once(tx, ctx), keep(tx, ctx, result)
    Caches are out of date ............... config.py     touch_config(tx, ctx); heard by listen.py
A tenant's day
    The stored business date ............. business_date.py   read_day, roll_business_date, set_clock
    Held by commits, taken to roll it .... sql/hold_days.sql, sql/take_day.sql
    Mode, zone, date and clock at once ... standing.py
    Work by the clock .................... jobs.py, sql/claim_slots.sql
Seen from outside
    HTTP: problems, keys, ids, pages ..... web/
    Log lines, metrics ................... log.py, metrics.py
"""
