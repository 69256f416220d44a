/*
When each data set last got a file, and how many hours ago that was; the one without files for longest first.
*/
SELECT
    data_set,
    max(landed_at) AS last_landed_at,
    max(recorded_at) AS last_loaded_at,
    date_diff(
        'hour', max(recorded_at), CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp)
    ) AS hours_ago,
    count(DISTINCT key) AS files,
    sum("rows") AS row_count
FROM lake_files
WHERE state = 'loaded'
GROUP BY data_set
ORDER BY last_loaded_at, data_set
