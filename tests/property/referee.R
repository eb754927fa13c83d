# SPDX-License-Identifier: GPL-3.0-or-later
# Asks the packages eaf and emoa, and R itself, what the program `referee` says of its random sets
# and samples: Rscript referee.R PROGRAM
suppressPackageStartupMessages({
  library(eaf)
  library(emoa)
})
answers <- tempfile()
stopifnot(system2(commandArgs(TRUE)[1], stdout = answers) == 0)
source(answers)
passed <- 0
failed <- 0

check <- function(what, number, got, want, tolerance = 1e-12) {
  near <- length(got) == length(want) &&
    all(abs(got - want) <= tolerance * pmax(1, abs(want)) | got == want)
  if (isTRUE(near)) {
    passed <<- passed + 1
  } else {
    failed <<- failed + 1
    cat("failed:", what, "number", number, "\n  got ", format(head(got, 20), digits = 17),
        "\n  want", format(head(want, 20), digits = 17), "\n")
  }
}

by_row <- function(values, m) matrix(values, ncol = m, byrow = TRUE)
ordered <- function(points) points[do.call(order, as.data.frame(points)), , drop = FALSE]

for (i in seq_along(sets)) {
  s <- sets[[i]]
  f <- by_row(s$f, s$m)
  z <- by_row(s$z, s$m)
  check("hypervolume by eaf", i, s$hv, hypervolume(f, s$r))
  inside <- apply(f, 1, function(point) all(point < s$r))
  volume <- if (any(inside)) dominated_hypervolume(t(f[inside, , drop = FALSE]), s$r) else 0
  check("hypervolume by emoa", i, s$hv, volume)
  # eaf rounds what is below 1e-8 of the whole to 0.
  check("contributions by eaf", i, s$share, hv_contributions(f, s$r), 2e-8)
  check("IGD+ by eaf", i, s$igd_plus, igd_plus(f, z))
  check("additive epsilon by eaf", i, s$additive, epsilon_additive(f, z))
  check("additive epsilon by emoa", i, s$additive, epsilon_indicator(t(f), t(z)))
  check("multiplicative epsilon by eaf", i, s$multiplicative, epsilon_mult(f, z))
  check("ranks by emoa", i, s$rank + 1, nds_rank(t(f)))
  check("ranks by eaf", i, s$rank + 1, pareto_rank(f))
  # Of equal points eaf may keep another.
  check("nondominated points by eaf", i, c(ordered(f[s$kept + 1, , drop = FALSE])),
        c(ordered(f[is_nondominated(f), , drop = FALSE])))
}

for (i in seq_along(surfaces)) {
  s <- surfaces[[i]]
  n <- max(s$set) + 1
  want <- eafs(by_row(s$f, s$m), s$set + 1, percentiles = 100 * seq_len(n) / n)
  for (k in seq_len(n)) {
    level <- abs(want[, s$m + 1] - 100 * k / n) < 1e-6
    check("attainment by eaf", i, c(ordered(by_row(s[[paste0("k", k)]], s$m))),
          c(ordered(as.matrix(want[level, seq_len(s$m), drop = FALSE]))))
  }
}

for (i in seq_along(samples)) {
  s <- samples[[i]]
  quietly <- function(...) suppressWarnings(wilcox.test(..., exact = s$exact))
  want <- quietly(s$x, s$y[seq_len(s$n_y)])
  check("Mann-Whitney by R", i, s$u, c(want$statistic, want$p.value))
  want <- quietly(s$x, s$y, paired = TRUE)
  check("Wilcoxon by R", i, s$v, c(want$statistic, want$p.value))
  check("Holm by R", i, s$holm, p.adjust(s$p, "holm"))
}

cat(passed, "passed,", failed, "failed\n")
quit(status = if (failed > 0) 1 else 0)
