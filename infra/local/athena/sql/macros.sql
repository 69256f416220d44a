-- What Trino's functions need of DuckDB and one call of DuckDB does not give.

-- Fails the query with a message of our own; allowed inside TRY, as DuckDB's error() is not.
-- It is a text, so that it can be cast to the type of any expression.
CREATE MACRO athena_fail(message) AS CAST(CAST('ATHENA:' || message AS BOOLEAN) AS VARCHAR);

-- Java's Double.toString and Float.toString: 1.0E7, 1.0E-4, 123.456, Infinity, NaN.
CREATE MACRO java_mantissa(digits) AS
    substr(digits, 1, 1) || '.' || CASE WHEN length(digits) > 1 THEN substr(digits, 2) ELSE '0' END;
CREATE MACRO java_digits(plain) AS
    CASE WHEN trim(replace(plain, '.', ''), '0') = '' THEN '0'
         ELSE rtrim(ltrim(replace(plain, '.', ''), '0'), '0') END;
CREATE MACRO java_exponent(plain) AS
    CASE WHEN plain LIKE '0.%'
         THEN -(length(plain) - 2 - length(ltrim(substr(plain, 3), '0'))) - 1
         ELSE length(split_part(plain, '.', 1)) - 1 END;
CREATE MACRO java_scientific(shortest) AS
    java_mantissa(java_digits(split_part(shortest, 'e', 1))) || 'E' ||
    (java_exponent(split_part(shortest, 'e', 1))
        + coalesce(TRY_CAST(split_part(shortest, 'e', 2) AS INTEGER), 0));
CREATE MACRO java_text(x) AS
    CASE WHEN isnan(x) THEN 'NaN'
         WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
         WHEN x = 0 THEN CASE WHEN signbit(x) THEN '-0.0' ELSE '0.0' END
         WHEN abs(x) >= 0.001 AND abs(x) < 10000000 THEN CAST(x AS VARCHAR)
         ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || java_scientific(CAST(abs(x) AS VARCHAR)) END;

-- Exact division of integers, halves away from zero.
CREATE MACRO divide_half_up(n, d) AS
    (n // d) + CASE WHEN abs(n % d) >= abs(d) - abs(n % d)
                    THEN CASE WHEN (n < 0) = (d < 0) THEN 1 ELSE -1 END ELSE 0 END;
-- A decimal without its point.
CREATE MACRO unscaled(x) AS CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT);

CREATE MACRO round_to_millis(x) AS
    CASE WHEN epoch_us(x) % 1000 = 0 THEN x
         ELSE make_timestamp(((epoch_us(x) + 500) // 1000
             - CASE WHEN (epoch_us(x) + 500) % 1000 < 0 THEN 1 ELSE 0 END) * 1000) END;
CREATE MACRO timestamp_text(x) AS
    strftime(x, '%Y-%m-%d %H:%M:%S.') ||
    CASE WHEN epoch_us(x) % 1000 = 0 THEN strftime(x, '%g') ELSE strftime(x, '%f') END;

-- substr counts from 1, or from the end; outside of the text there is nothing.
CREATE MACRO trino_substr(s, start) AS
    CASE WHEN start = 0 OR abs(start) > length(s) THEN '' ELSE substr(s, start) END;
CREATE MACRO trino_substr_of(s, start, size) AS
    CASE WHEN start = 0 OR abs(start) > length(s) OR size <= 0 THEN ''
         ELSE substr(s, start, size) END;

CREATE MACRO binary_substr(b, start) AS
    CASE WHEN start = 0 OR abs(start) > octet_length(b) THEN ''::BLOB ELSE b[start:] END;

-- The text of bytes that may be no UTF-8: for each sequence that is none, the replacement.
CREATE MACRO utf8_text(b, replacement) AS
    coalesce(TRY(decode(b)), decode(unhex(array_to_string(list_transform(
        regexp_extract_all(hex(b), utf8_sequence() || '|E.[89AB].|F[0-4](?:[89AB].){1,2}|..'),
        lambda x: CASE WHEN regexp_full_match(x, utf8_sequence()) THEN x
                       ELSE hex(encode(replacement)) END), ''))));
CREATE MACRO utf8_sequence() AS
    '[0-7].|(?:C[2-9A-F]|D.)[89AB].|E0[AB].[89AB].|E[1-9A-CEF](?:[89AB].){2}|ED[89].[89AB].'
    || '|F0[9AB].(?:[89AB].){2}|F[1-3](?:[89AB].){3}|F48.(?:[89AB].){2}';

-- An interval as one number.
CREATE MACRO epoch_us_of(x) AS CAST(round(epoch(x) * 1000000) AS BIGINT);
CREATE MACRO months_of(x) AS CAST(datepart('year', x) * 12 + datepart('month', x) AS BIGINT);

-- 2 03:04:05.678 and 1-2
CREATE MACRO day_interval_text(x) AS
    CASE WHEN epoch_us_of(x) < 0 THEN '-' ELSE '' END || (abs(epoch_us_of(x)) // 86400000000) || ' ' ||
    strftime(make_timestamp(CAST(abs(epoch_us_of(x)) % 86400000000 AS BIGINT)), '%H:%M:%S.%g');
CREATE MACRO month_interval_text(x) AS
    CASE WHEN months_of(x) < 0 THEN '-' ELSE '' END ||
    (abs(months_of(x)) // 12) || '-' || (abs(months_of(x)) % 12);
