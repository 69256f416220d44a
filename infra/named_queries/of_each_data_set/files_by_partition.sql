/*
The Parquet files of <table> by partition: how many, and how large; the smallest files first.
*/
SELECT
    coalesce(regexp_extract(file_path, '/([^/]+=[^/]+(/[^/]+=[^/]+)*)/[^/]+$', 1), 'no partition') AS part,
    count(*) AS files,
    sum(record_count) AS row_count,
    round(sum(file_size_in_bytes) / 1e6, 2) AS megabytes,
    round(avg(file_size_in_bytes) / 1e6, 2) AS megabytes_a_file
FROM "<table>$files"
GROUP BY 1
ORDER BY avg(file_size_in_bytes), part
