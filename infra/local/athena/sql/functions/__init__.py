"""The functions of Athena that this engine knows, by their Athena names.

Source: https://trino.io/docs/current/functions.html
"""

from infra.local.athena.sql.functions import (  # noqa: F401 - importing declares the functions
    aggregates,
    arrays,
    choices,
    dates,
    formats,
    json,
    maps,
    numbers,
    patterns,
    strings,
    windows,
)
from infra.local.athena.sql.functions.registry import FUNCTIONS, Function

UNSUPPORTED = frozenset(
    ["approx_most_frequent", "approx_set", "bing_tile", "bit_count", "bitwise_left_shift", "bitwise_right_shift", "bitwise_right_shift_arithmetic", "char2hexint", "checksum", "classify", "combinations", "contains_sequence", "cosine_similarity", "crc32", "current_timezone", "empty_approx_set", "entropy", "evaluate_classifier_predictions", "features", "from_base", "from_base32", "from_base64url", "from_big_endian_32", "from_big_endian_64", "from_geojson_geometry", "from_ieee754_32", "from_ieee754_64", "geometry_union_agg", "hash_counts", "hmac_md5", "hmac_sha1", "hmac_sha256", "hmac_sha512", "human_readable_seconds", "intersection_cardinality", "inverse_beta_cdf", "inverse_normal_cdf", "jaccard_index", "json_array_get", "json_exists", "json_query", "json_value", "kurtosis", "learn_classifier", "line_interpolate_point", "luhn_check", "make_set_digest", "map_union", "merge", "merge_set_digest", "multimap_agg", "multimap_from_entries", "murmur3", "ngrams", "normal_cdf", "normalize", "numeric_histogram", "parse_data_size", "parse_duration", "parse_presto_data_size", "qdigest_agg", "quantile_at_value", "reduce_agg", "render", "shuffle", "skewness", "soundex", "spooky_hash_v2_32", "spooky_hash_v2_64", "st_area", "st_asbinary", "st_astext", "st_contains", "st_distance", "st_geometryfromtext", "st_intersects", "st_point", "st_polygon", "st_within", "tdigest_agg", "timezone_hour", "timezone_minute", "to_base", "to_base32", "to_base64url", "to_big_endian_32", "to_big_endian_64", "to_geometry", "to_ieee754_32", "to_ieee754_64", "to_milliseconds", "trim_array", "typeof", "url_decode", "url_encode", "url_extract_fragment", "url_extract_host", "url_extract_parameter", "url_extract_path", "url_extract_port", "url_extract_protocol", "url_extract_query", "uuid", "value_at_quantile", "values_at_quantiles", "wilson_interval_lower", "wilson_interval_upper", "width_bucket", "word_stem", "xxhash64", "zip_with", "map_filter", "transform_values", "transform_keys", "map_zip_with", "split_to_map", "split_to_multimap"]
)
"""Functions of Athena without a rule here: refused by name."""


def find(name: str) -> Function | None:
    """The function of that Athena name."""
    return FUNCTIONS.get(name)
