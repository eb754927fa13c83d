/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/tree.h"
#include "tests/check.h"

#include <time.h>

static struct error err;

static struct tree *parse(const char *text)
{
    error_clear(&err);
    return tree_parse("f.yaml", text, strlen(text), &err);
}

static void check_fault(const char *text, const char *want)
{
    struct tree *tree = parse(text);
    CHECK(tree == NULL);
    CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", want);
    tree_free(tree);
}

static void test_places(void)
{
    struct tree *tree = parse("\xEF\xBB\xBFschema: x\r\nlist:\r\n  - name: 'a b'\r\n    n: 3");
    if (!CHECK(tree != NULL))
        return;
    const struct tree *n = tree_find(tree, "list.a b.n");
    CHECK(n && n == tree_find(tree, "list.0.n") && n->mark.line == 4 && n->mark.column == 8);
    CHECK(n && n->key_mark.column == 5 && !n->quoted);
    CHECK(tree_find(tree, "list.a b.name")->quoted);
    CHECK(tree_get(tree, "schema")->mark.column == 9);
    CHECK_TEXT(tree_get_text(tree, "schema"), "x");
    CHECK(!tree_get_text(tree, "list") && !tree_get(NULL, "x") && !tree_find(tree, "list.1"));
    CHECK(!tree_find(tree, "schema.x") && !tree_find(tree, ""));
    tree_free(tree);
}

static void test_faults(void)
{
    check_fault("", "f.yaml:1:1: the file is empty");
    check_fault("# nothing\n---\n", "f.yaml:1:1: the file is empty");
    check_fault("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key 'a' is given twice (first in line 1)");
    check_fault("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document starts here; a file holds one");
    check_fault("a: &x 1\n", "f.yaml:1:4: anchors (&name) are not known here: write the value out");
    check_fault("a: *x\n", "f.yaml:1:4: aliases (*name) are not known here: write the value out");
    check_fault("a: !!int 1\n", "f.yaml:1:4: tags (!name) are not known here: leave it out");
    check_fault("[1]: 2\n", "f.yaml:1:1: a key must be a word, not a list or a map");
    check_fault("? {a: 1}\n: 2\n", "f.yaml:1:3: a key must be a word, not a list or a map");
    check_fault("'': 2\n", "f.yaml:1:1: a key is missing before ':'");
    check_fault("a: \"\\0\"\n", "f.yaml:1:4: a zero byte within a text");
    check_fault("a: \x01\n", "f.yaml:1:4: not text: byte 0x01 at offset 3");
    check_fault("a: 1\nb: \xff\n", "f.yaml:2:4: not text: invalid leading UTF-8 octet at offset 8");
    check_fault("a: [1, 2\nb: 3\n",
                "f.yaml:2:2: not valid YAML: did not find expected ',' or ']', while parsing a "
                "flow sequence that starts in line 1");
    check_fault("a:\n\tb: 2\n", "f.yaml:2:1: not valid YAML: found character that cannot start any "
                                "token, while scanning for the next token that starts in line 2");
}

static void test_binary(void)
{
    error_clear(&err);
    CHECK(!tree_parse("f", "a: 1\nb\0c", 8, &err));
    CHECK_TEXT(err.fault[0], "f:2:2: not text: byte 0x00 at offset 6");
    error_clear(&err);
    CHECK(!tree_parse("f",
                      "\xff\xfe"
                      "a\0",
                      4, &err));
    CHECK_TEXT(err.fault[0], "f:1:4: not text: byte 0x00 at offset 3");
}

static void test_two_faults(void)
{
    CHECK(!parse("a: 1\na: 2\nm: {x: 1, x: 2}\n"));
    CHECK(err.n_faults == 2);
}

static void check_refused_fast(const char *text, size_t n, const char *want)
{
    clock_t start = clock();
    error_clear(&err);
    CHECK(!tree_parse("f", text, n, &err));
    CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 1.0);
    CHECK_TEXT(strstr(err.fault[0], want), want);
}

static void test_limits(void)
{
    enum { N = 30000 };
    char *text = mem_calloc(N * 2, 1);
    memset(text, '[', N);
    check_refused_fast(text, N, "nested too deeply: at most 64 levels are read");
    for (size_t i = 0; i < N; i++)
        memcpy(text + 2 * i, "- ", 2);
    check_refused_fast(text, 2 * (size_t)N, "nested too deeply: at most 64 levels are read");
    for (size_t i = 0; i < N; i++)
        memcpy(text + 2 * i, "[\n", 2);
    check_refused_fast(text, 2 * (size_t)N, "nested too deeply: at most 64 levels are read");
    free(text);
    struct text many = {0};
    while (many.length < 500000)
        text_add(&many, "- 1\n- 2\n");
    for (size_t i = 0; i < 200000; i++)
        text_add(&many, "-\n");
    check_refused_fast(many.bytes, many.length, "too many values: at most 200000 are read");
    while (many.length < 1100000)
        text_add(&many, "# filled up\n");
    check_refused_fast(many.bytes, many.length,
                       "the file is too large: at most 1048576 bytes are read");
    text_free(&many);
    struct text keys = {0};
    for (size_t i = 0; i < 90000; i++)
        text_add(&keys, "k%zu:\n", i);
    text_add(&keys, "k7:\n");
    check_refused_fast(keys.bytes, keys.length, "key 'k7' is given twice (first in line 8)");
    text_free(&keys);
}

static char *written(const struct tree *tree)
{
    struct text out = {0};
    tree_write(tree, &out);
    return out.bytes;
}

static void test_write(void)
{
    struct tree *tree = parse("{a: 1, b: 'yes', c: [1, [x, {}], []], d: {e: \"t\\n\\\"\", f: },"
                              " list: [{name: n, v: [1]}], 'k: y': null, g: a: b}");
    CHECK(!tree);
    tree_free(tree);
    tree = parse("{a: 1, b: 'yes', c: [1, [x, {}], []], d: {e: \"t\\n\\\"\", f: },"
                 " list: [{name: n, v: [1]}], 'k: y': null}");
    if (!CHECK(tree != NULL))
        return;
    char *bytes = written(tree);
    CHECK_TEXT(bytes, "a: 1\nb: \"yes\"\nc:\n  - 1\n  - - x\n    - {}\n  - []\nd:\n"
                      "  e: \"t\\n\\\"\"\n  f:\nlist:\n  - name: n\n    v:\n      - 1\n"
                      "\"k: y\": null\n");
    free(bytes);
    tree_free(tree);
}

static void test_set(void)
{
    struct tree *tree = parse("a: {b: 1, cost: 2}\nd:\n  - {name: llama-3.2, v: 1}\n");
    error_clear(&err);
    CHECK(tree_set(tree, "a.b=[1, x]", &err));
    CHECK(tree_find(tree, "a.b.1")->mark.column == 9);
    CHECK(tree_set(tree, "a.new=' 3'", &err) && tree_find(tree, "a.new")->quoted);
    CHECK(tree_set(tree, "d.llama-3.2.v=7", &err));
    CHECK_TEXT(tree_find(tree, "d.0.v")->text, "7");
    CHECK_TEXT(tree_find(tree, "d.0.v")->mark.path, "--set d.llama-3.2.v=7");
    CHECK(err.n_faults == 0);
    CHECK(!tree_set(tree, "x.y=1", &err) && !tree_set(tree, "a.cots.x=1", &err));
    CHECK(!tree_set(tree, "d.gpt.v=1", &err) && !tree_set(tree, "abc", &err));
    CHECK(!tree_set(tree, "=1", &err) && !tree_set(tree, "a.=1", &err));
    CHECK(!tree_set(tree, "a.b=", &err) && !tree_set(tree, "a.b=[1", &err));
    CHECK(!tree_set(tree, "a.cost.x=1", &err));
    CHECK_TEXT(err.fault[0], "--set x.y=1: 'x' is not there; there is: a, d");
    CHECK_TEXT(err.fault[1],
               "--set a.cots.x=1: 'cots' is not there (did you mean 'cost'?); there is: b, cost, "
               "new");
    CHECK_TEXT(err.fault[2], "--set d.gpt.v=1: 'gpt' is not there; there is: llama-3.2");
    CHECK_TEXT(err.fault[3], "--set abc: no path=value");
    CHECK_TEXT(err.fault[4], "--set =1: no path=value");
    CHECK_TEXT(err.fault[5], "--set a.=1: the path has an empty part; write --set path=value");
    CHECK_TEXT(err.fault[6], "--set a.b=: no value after '='");
    CHECK(strstr(err.fault[7], "did not find expected ',' or ']'") != NULL);
    CHECK_TEXT(err.fault[8],
               "--set a.cost.x=1: 'x' is not there: what stands before it is a single value");
    tree_free(tree);
}

static void test_merge(void)
{
    struct tree *base = parse("a: {x: 1, y: 2}\nl: [{name: p, v: 1}, {name: q, v: 2}]\nn: [1, 2]");
    struct tree *over = parse("a: {y: 3, z: 4}\nl: [{name: q, v: 9}, {name: r}]\nn: [3]\nb: 1");
    tree_merge(base, over);
    tree_free(over);
    char *bytes = written(base);
    CHECK_TEXT(bytes, "a:\n  x: 1\n  y: 3\n  z: 4\nl:\n  - name: p\n    v: 1\n  - name: q\n"
                      "    v: 9\n  - name: r\nn:\n  - 3\nb: 1\n");
    free(bytes);
    tree_free(base);
}

static void test_edit(void)
{
    struct tree *map = parse("a: 1\nb: 2\nl: []\n");
    tree_put(map, "a", tree_new_scalar("x: y", &map->mark));
    tree_put(map, "c", tree_new_map(&map->mark));
    tree_append(tree_get(map, "l"), tree_new_scalar("3", &map->mark));
    CHECK(tree_remove(map, "b") && !tree_remove(map, "b"));
    struct tree *copy = tree_copy(map);
    tree_free(map);
    char *bytes = written(copy);
    CHECK_TEXT(bytes, "a: \"x: y\"\nl:\n  - 3\nc: {}\n");
    error_clear(&err);
    CHECK(!tree_error(&err, tree_get(copy, "l"), "no %d", 7));
    CHECK_TEXT(err.fault[0], "f.yaml:3:4: no 7");
    free(bytes);
    tree_free(copy);
}

static void test_files(void)
{
    error_clear(&err);
    CHECK(!tree_read("/nowhere/x.yaml", &err) && !tree_read("/tmp", &err));
    CHECK_TEXT(err.fault[0], "/nowhere/x.yaml:1:1: cannot be read: No such file or directory");
    CHECK_TEXT(err.fault[1], "/tmp:1:1: cannot be read: Is a directory");
}

int main(void)
{
    test_places();
    test_faults();
    test_binary();
    test_two_faults();
    test_limits();
    test_write();
    test_set();
    test_merge();
    test_edit();
    test_files();
    return check_result();
}
