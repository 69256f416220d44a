/*
Loaded files with records in quarantine, of the last thirty days: how many of how many; the worst share first.
*/
SELECT
    data_set,
    key,
    records,
    quarantined,
    round(100.0 * quarantined / records, 2) AS percent,
    recorded_at AS loaded_at,
    run_id
FROM lake_files
WHERE
    state = 'loaded'
    AND quarantined > 0
    AND recorded_at > CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '30' DAY
ORDER BY percent DESC, data_set, key
