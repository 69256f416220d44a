/*
What was loaded in the last seven days, by day and data set: runs, files, rows and bad records.
*/
SELECT
    CAST(ended_at AS date) AS day,
    data_set,
    kind,
    count(*) AS runs,
    sum(files) AS files,
    sum(files_refused) AS files_refused,
    sum("rows") AS row_count,
    sum(quarantined) AS quarantined,
    round(sum(bytes) / 1e6, 1) AS megabytes,
    round(sum(seconds), 1) AS seconds
FROM lake_runs
WHERE ended_at > CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '7' DAY
GROUP BY 1, 2, 3
ORDER BY day DESC, data_set, kind
