/*
The twenty files that took longest to convert, with the engine that did it and its rows a second.
*/
SELECT
    data_set,
    key,
    engine,
    round(size_bytes / 1e6, 1) AS megabytes,
    "rows" AS row_count,
    round(seconds, 1) AS seconds,
    CAST(round("rows" / seconds) AS bigint) AS rows_a_second,
    recorded_at AS loaded_at
FROM lake_files
WHERE state = 'loaded' AND seconds > 0
ORDER BY lake_files.seconds DESC, key
LIMIT 20
