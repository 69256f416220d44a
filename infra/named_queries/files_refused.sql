/*
Files that were refused and not loaded since, each with the reason; they are still where they landed.
*/
SELECT data_set, key, size_bytes, landed_at, refused_at, reason
FROM (
    SELECT
        data_set,
        key,
        size_bytes,
        landed_at,
        recorded_at AS refused_at,
        state,
        reason,
        row_number() OVER (PARTITION BY data_set, key ORDER BY recorded_at DESC) AS place
    FROM lake_files
) AS last_runs
WHERE place = 1 AND state = 'refused'
ORDER BY refused_at DESC, key
