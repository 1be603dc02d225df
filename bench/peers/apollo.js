// Apollo Server with DataLoader, as its documentation starts it.

import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { loaders, resolvers, typeDefs } from './schema.js'
import { announce } from './rest.js'

const server = new ApolloServer({ typeDefs, resolvers })
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  context: async () => loaders(),
})
announce(new URL(url))
