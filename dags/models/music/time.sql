/*
description: >-
  The moments at which songs began, one row a moment, by the parts of a calendar.
owner: music-analytics
keys: [started_at]
by_day: day
columns:
  - {name: started_at, type: timestamp, description: "In UTC"}
  - {name: day, type: date, description: "Its day"}
  - {name: hour, type: int, description: "Hour of the day, 0 to 23"}
  - {name: day_of_month, type: int, description: "1 to 31"}
  - {name: week, type: int, description: "Week of the year by ISO 8601, 1 to 53"}
  - {name: month, type: int, description: "1 to 12"}
  - {name: year, type: int, description: "Year"}
  - {name: weekday, type: int, description: "Day of the week by ISO 8601, 1 is Monday"}
checks:
  ranges: [{column: weekday, at_least: 1, at_most: 7}]
*/
SELECT DISTINCT
    started_at,
    day,
    extract(HOUR FROM started_at) AS hour,
    extract(DAY FROM started_at) AS day_of_month,
    extract(WEEK FROM started_at) AS week,
    extract(MONTH FROM started_at) AS month,
    extract(YEAR FROM started_at) AS year,
    date_diff('day', DATE '1900-01-01', day) % 7 + 1 AS weekday
FROM music_songplays
WHERE day IN (:days)
