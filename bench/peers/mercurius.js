// Mercurius on Fastify, with its JIT and its own loaders, as its documentation shows.

import Fastify from 'fastify'
import mercurius from 'mercurius'
import { many, one, posts, typeDefs } from './schema.js'
import { announce } from './rest.js'

const distinct = (keys) => [...new Set(keys)]

/** Mercurius hands over every row that asks, so a key may come more than once: each is asked for once. */
async function asked(queries, key, answer) {
  const keys = queries.map(({ obj }) => obj[key])
  const once = distinct(keys)
  const rows = await answer(once)
  const byKey = new Map(once.map((key, n) => [key, rows[n]]))
  return keys.map((key) => byKey.get(key))
}

const app = Fastify()
app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  resolvers: {
    Query: {
      posts: (_, { limit }) => posts(limit),
      user: async (_, { id }) => (await one('/users', 'id', 'id', [id]))[0],
      greet: () => 'Hello World!',
    },
  },
  loaders: {
    Post: {
      user: (queries) => asked(queries, 'userId', (ids) => one('/users', 'id', 'id', ids)),
      comments: (queries) => asked(queries, 'id', (ids) => many('/comments', 'postId', ids)),
    },
    User: {
      posts: (queries) => asked(queries, 'id', (ids) => many('/posts', 'userId', ids)),
    },
  },
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server.address())
