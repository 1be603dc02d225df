// The benchmark's schema, the same as our BFF's, and the loaders of one request.

import DataLoader from 'dataloader'
import { get, each } from './rest.js'

export const typeDefs = /* GraphQL */ `
  type Query {
    posts(limit: Int): [Post!]
    user(id: Int!): User
    greet: String!
  }
  type Post {
    id: Int!
    userId: Int!
    title: String!
    body: String!
    user: User
    comments: [Comment!]
  }
  type User {
    id: Int!
    name: String!
    username: String!
    email: String!
    phone: String
    website: String
    posts: [Post!]
  }
  type Comment {
    id: Int!
    postId: Int!
    name: String!
    email: String!
    body: String!
  }
`

export const posts = (limit) => get(limit == null ? '/posts' : `/posts?_limit=${limit}`)

/** What many ask, one call answers: rows of `path` by `parameter`, led back to the keys by `field`. */
export async function one(path, parameter, field, keys) {
  const rows = await get(each(path, parameter, keys))
  const byKey = new Map(rows.map((row) => [row[field], row]))
  return keys.map((key) => byKey.get(key) ?? null)
}

export async function many(path, parameter, keys) {
  const rows = await get(each(path, parameter, keys))
  const byKey = new Map(keys.map((key) => [key, []]))
  for (const row of rows) byKey.get(row[parameter])?.push(row)
  return keys.map((key) => byKey.get(key))
}

/** DataLoader's documentation makes them per request: one for all would mix callers. */
export const loaders = () => ({
  userById: new DataLoader((ids) => one('/users', 'id', 'id', ids)),
  postsOf: new DataLoader((users) => many('/posts', 'userId', users)),
  commentsOf: new DataLoader((posts) => many('/comments', 'postId', posts)),
})

/** For servers that take any executable schema; the loaders are the context. */
export const resolvers = {
  Query: {
    posts: (_, { limit }) => posts(limit),
    user: (_, { id }, { userById }) => userById.load(id),
    greet: () => 'Hello World!',
  },
  Post: {
    user: (post, _, { userById }) => userById.load(post.userId),
    comments: (post, _, { commentsOf }) => commentsOf.load(post.id),
  },
  User: {
    posts: (user, _, { postsOf }) => postsOf.load(user.id),
  },
}
