# Print C source with comments and the contents of strings and character constants blanked, or with
# -v texts=1 the contents of strings alone. Lines stay in place, so that line numbers remain valid.
# Read by the check_*.sh scripts.
{
    out = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (comment) {
            if (two == "*/") { comment = 0; i++ }
        } else if (quote != "") {
            if (texts && quote == "\"" && c != quote) out = out c
            if (c == "\\") i++
            else if (c == quote) { out = out (texts ? " " : c); quote = "" }
        } else if (two == "/*") {
            comment = 1
            i++
        } else if (two == "//") {
            break
        } else {
            if (c == "\"" || c == "'") quote = c
            if (!texts) out = out c
        }
    }
    if (substr($0, n, 1) != "\\") quote = ""
    print out
}
