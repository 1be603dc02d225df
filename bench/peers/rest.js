// The REST service that every server of the benchmark asks, through undici's pool: quicker than fetch.

import { Pool } from 'undici'

const [, , upstream] = process.argv
if (!upstream) {
  console.error('usage: node <peer>.js http://127.0.0.1:7100')
  process.exit(64)
}
const pool = new Pool(upstream)

export async function get(path) {
  const { statusCode, body } = await pool.request({ method: 'GET', path })
  if (statusCode !== 200) {
    await body.dump()
    throw new Error(`${path} answered ${statusCode}`)
  }
  return body.json()
}

export const each = (path, name, keys) => `${path}?${keys.map((key) => `${name}=${key}`).join('&')}`

/** Tells the driver where this peer listens. */
export const announce = ({ port }) => console.log(`listening 127.0.0.1:${port}`)
