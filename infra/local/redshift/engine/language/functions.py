"""The functions of Redshift that mean what a function of Trino means, under Redshift's names.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html
"""

from __future__ import annotations

from infra.local.athena.sql.functions import ATHENA
from infra.local.athena.sql.functions.registry import Registry

REDSHIFT = Registry()
function = REDSHIFT.function
signature = REDSHIFT.signature

REDSHIFT.borrow(
    ATHENA,
    "coalesce nullif count min max bool_and bool_or any_value"
    " stddev stddev_samp stddev_pop variance var_samp var_pop"
    " row_number rank dense_rank percent_rank cume_dist ntile"
    " lag lead first_value last_value nth_value"
    " lower upper reverse replace strpos translate lpad rpad chr concat"
    " abs sign mod ceil ceiling floor round cbrt exp sin cos tan asin acos atan atan2"
    " degrees radians pi power pow sqrt ln random",
    nvl="coalesce",
    every="bool_and",
    log="log10",
    dlog10="log10",
    dlog1="ln",
    dexp="exp",
    dsqrt="sqrt",
    dpow="pow",
)

UNSUPPORTED = frozenset(
    [
        "json_extract_path_text",
        "json_extract_array_element_text",
        "json_array_length",
        "json_parse",
        "json_serialize",
        "json_typeof",
        "json_size",
        "is_valid_json",
        "is_valid_json_array",
        "can_json_parse",
        "array",
        "array_concat",
        "array_flatten",
        "get_array_length",
        "split_to_array",
        "subarray",
        "object",
        "object_transform",
        "is_array",
        "is_object",
        "is_scalar",
        "is_varchar",
        "is_integer",
        "convert_timezone",
        "next_day",
        "months_between",
        "timeofday",
        "timezone",
        "to_number",
        "interval_cmp",
        "date_cmp",
        "date_cmp_timestamp",
        "timestamp_cmp",
        "timestamp_cmp_date",
        "regexp_instr",
        "regexp_count",
        "soundex",
        "difference",
        "crc32",
        "checksum",
        "fnv_hash",
        "farmfingerprint64",
        "url_decode",
        "bpcharcmp",
        "bttext_pattern_cmp",
        "quote_ident",
        "quote_literal",
        "crosscorrelation",
        "ratio_to_report",
        "percentile_disc",
        "hll",
        "hll_cardinality",
        "hll_combine",
        "hll_create_sketch",
        "st_point",
        "st_astext",
        "st_distance",
        "st_contains",
        "pg_get_viewdef",
        "pg_last_copy_id",
        "pg_last_copy_count",
        "pg_last_unload_id",
        "pg_last_unload_count",
        "has_table_privilege",
        "has_schema_privilege",
        "generate_series",
        "set_bit",
        "bit_and",
        "bit_or",
        "to_varbyte",
        "from_varbyte",
        "aes_encrypt",
        "aes_decrypt",
    ]
)
"""Functions of Redshift without a rule here: refused by name."""
