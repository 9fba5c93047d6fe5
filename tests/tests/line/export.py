"""Reads what `berth export parquet` wrote, as somebody who asks with SQL: prints
one JSON object. The only argument is the folder. DuckDB reads nothing else, and
loads nothing from the network."""

import json
import sys

import duckdb

folder = sys.argv[1]
db = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
db.sql(f"CREATE VIEW events AS SELECT * FROM read_parquet('{folder}/*/*.parquet', filename = true)")


def rows(query):
    return db.sql(query).fetchall()


def row(query):
    (only,) = rows(query)
    return only


distinct, last, last_at, files = row(
    """SELECT count(DISTINCT (seq, "index")), max(seq), max(epoch_us("at")), count(DISTINCT filename) FROM events"""
)
leases, lease_sum, order_sum, market, escrow = row(
    f"""SELECT count(*), sum(lease), sum("order"), any_value(market), sum((payload ->> 'escrow')::DECIMAL(28, 7))
        FROM read_parquet('{folder}/*/lease.opened.parquet')"""
)
answer = {
    "columns": dict(rows("SELECT column_name, column_type FROM (DESCRIBE events) WHERE column_name <> 'filename'")),
    "counts": dict(rows("SELECT type, count(*) FROM events GROUP BY type")),
    "distinct": distinct,
    "lastSeq": last,
    "lastAt": last_at,
    "files": files,
    # Each in the folder of its day, in the file of its type.
    "misplaced": row(
        """SELECT count(*) FROM events
           WHERE NOT filename.ends_with(strftime(make_timestamp(epoch_us("at")), '/%Y-%m-%d/') || type || '.parquet')"""
    )[0],
    "withoutOrder": row("SELECT count(*) FROM events WHERE type = 'order.accepted' AND \"order\" IS NULL")[0],
    "leases": leases,
    "leaseSum": int(lease_sum),
    "orderSum": int(order_sum),
    "market": market,
    "escrow": str(escrow),
    "mistyped": row("SELECT count(*) FROM events WHERE payload ->> 'type' IS DISTINCT FROM type")[0],
}
print(json.dumps(answer))
