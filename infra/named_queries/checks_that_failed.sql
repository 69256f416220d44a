/*
Checks that fail or warn, as each day was last looked at, with the query that lists the failing rows.
*/
SELECT
    table_name, check_name, day, status, measured, threshold, failing_rows, message, checked_at, query
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY table_name, check_name, day ORDER BY checked_at DESC
        ) AS place
    FROM quality_results
    WHERE status <> 'skipped'
) AS latest
WHERE place = 1 AND status <> 'ok'
ORDER BY checked_at DESC, table_name, check_name, day
