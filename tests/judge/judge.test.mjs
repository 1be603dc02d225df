// What the judge itself must get right; run by `npm test`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judge } from "./judge.mjs";

const sdl = `
  type Query { post(id: ID!): Post  posts(limit: Int): [Post!]  must: Post!  found: [Found]  node(id: ID!): Node }
  interface Node { id: ID! }
  union Found = Post | User
  type Post implements Node { id: ID!  title: String!  user: User  writer: User!  comments(first: Int = 2): [Comment!]  tags: [String!]! }
  type User implements Node { id: ID!  name: String  posts: [Post!] }
  type Comment { id: ID!  body: String! }
`;
const rows = {
  p1: { __typename: "Post", id: "p1", title: "one", user: { $ref: "u1" }, writer: { $ref: "u1" }, tags: ["a"],
        comments: { $take: { from: [{ $ref: "c1" }, { $ref: "c2" }, { $ref: "c3" }], count: "first" } } },
  p2: { __typename: "Post", id: "p2", title: "two", user: { $error: "no user" }, writer: { $ref: "gone" }, tags: ["a", null],
        comments: [{ $ref: "c1" }, { $error: "no comment" }] },
  u1: { __typename: "User", id: "u1", name: "Mika", posts: [{ $ref: "p1" }] },
  c1: { id: "c1", body: "first" }, c2: { id: "c2", body: "second" }, c3: { id: "c3", body: null },
};
const root = {
  posts: [{ $ref: "p1" }, { $ref: "p2" }], 'posts({"limit":1})': [{ $ref: "p1" }], 'post({"id":"p2"})': { $ref: "p2" },
  must: { $ref: "gone" }, found: [{ $ref: "u1" }, { $ref: "p2" }, { $ref: "gone" }], node: { $ref: "u1" },
};
const ask = (document, more) => judge({ schema: "blog", sdl, document, root, rows, ...more });
const plain = (value) => JSON.parse(JSON.stringify(value));
const data = (document, more) => plain(ask(document, more).data);

test("rows are found by reference, by arguments and by type", () => {
  assert.deepEqual(data("{ posts(limit: 1) { user { posts { title } } } }"), { posts: [{ user: { posts: [{ title: "one" }] } }] });
  assert.deepEqual(data("{ posts(limit: 1) { comments { id } more: comments(first: 1) { id } } }"),
    { posts: [{ comments: [{ id: "c1" }, { id: "c2" }], more: [{ id: "c1" }] }] });
  assert.deepEqual(data("{ found { __typename ... on User { name } ... on Node { id } } node(id: 7) { id } post(id: 8) { id } }"),
    { found: [{ __typename: "User", name: "Mika", id: "u1" }, { __typename: "Post", id: "p2" }, null], node: { id: "u1" }, post: null });
});

test("a failure lands on the nearest null that may be", () => {
  const verdict = plain(ask("{ posts { id user { id } comments(first: 3) { body } } }"));
  assert.deepEqual(verdict.data.posts.map((post) => post.comments), [null, null]);
  assert.deepEqual(verdict.errors.map(({ path, landed }) => [path.join(), landed.join()]), [
    ["posts,0,comments,2,body", "posts,0,comments"],
    ["posts,1,user", "posts,1,user"],
    ["posts,1,comments,1", "posts,1,comments"],
  ]);
  assert.deepEqual(plain(ask("{ must { id } }")).errors[0].landed, []);
});

test("every failure that an executor may tell is possible", () => {
  const verdict = plain(ask('{ post(id: "p2") { user { id } writer { id } tags } }'));
  assert.deepEqual(verdict.data, { post: null });
  assert.deepEqual(verdict.possible.map(({ path }) => path.join()), ["post,user", "post,writer", "post,tags,1"]);
});

test("what cannot run is told apart", () => {
  assert.match(ask("{ nope }").invalid[0].message, /nope/);
  assert.match(ask("{ posts {").invalid[0].message, /Syntax Error/);
  assert.match(ask("query($n: Int!) { posts(limit: $n) { id } }", { variables: { n: "x" } }).refused[0].message, /\$n/);
  assert.match(judge({ schema: "unheard", document: "{ a }" }).fault, /unheard/);
  assert.equal("data" in ask("{ nope }"), false);
});

test("answers that the specification allows are not objected to", () => {
  const document = '{ post(id: "p2") { id writer { id } tags } posts { user { id } } }';
  const told = { posts: [{ user: { id: "u1" } }, { user: null }] };
  const at = (path, column) => ({ message: "any", path, locations: [{ line: 1, column }] });
  const [writer, tags, user] = [at(["post", "writer"], 23), at(["post", "tags", 1], 37), at(["posts", 1, "user"], 52)];
  const object = (answer) => plain(ask(document, { answers: { a: answer } })).objections.a;
  const right = { post: null, ...told };
  for (const errors of [[writer, user], [user, tags], [tags, writer, user]]) {
    assert.deepEqual(object({ data: right, errors }), []);
  }
  for (const [answer, objection] of [
    [{ data: right, errors: [user] }, 'errors: nothing explains the null at ["post"]'],
    [{ data: right, errors: [writer] }, 'errors: nothing explains the null at ["posts",1,"user"]'],
    [{ data: right, errors: [writer, user, user] }, 'errors: ["posts",1,"user"] is told twice'],
    [{ data: right, errors: [writer, user, at(["post", "id"], 21)] }, 'errors: nothing fails at ["post","id"]'],
    [{ data: right, errors: [writer, { ...user, locations: [{ line: 1, column: 1 }] }] },
      'errors: ["posts",1,"user"] is at [{"line":1,"column":52}], not [{"line":1,"column":1}]'],
    [{ data: { ...told, post: null }, errors: [writer, user] }, "data: fields posts,post, not post,posts"],
    [{ data: { post: {}, ...told } }, "data.post: {}, not null"],
    [{ data: { post: null, posts: told.posts.slice(1) } }, "data.posts: 1 items, not 2"],
    [{ errors: [writer] }, "data: undefined, not " + JSON.stringify(right)],
  ]) {
    assert.deepEqual(object(answer), [objection]);
  }
  assert.deepEqual(plain(ask("{ nope }", { answers: { a: { errors: [{}] }, b: { data: null } } })).objections,
    { a: [], b: ["data: must be absent, the request is to be refused", "errors: none, though the request is to be refused"] });
});

test("one line in, one line out, in order, and the schema sent once", async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("judge.mjs", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = [{ id: 1, schema: "blog", sdl, document: "{ posts { id } }", root, rows }, "nonsense",
    { id: 2, schema: "blog", document: "{ posts { id } }", root: { posts: [] } }];
  child.stdin.end(lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  let out = "";
  for await (const chunk of child.stdout) out += chunk;
  const [one, bad, two] = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([one.id, two.id, two.data], [1, 2, { posts: [] }]);
  assert.match(bad.fault, /not a request/);
});
