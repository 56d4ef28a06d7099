import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { read } from './transact.ts'

/** Envelope encryption: a key for each owner (an app), wrapped by the installation's master key. */
export interface SecretBox {
  /** Encrypts text for `owner`; the owner is bound into the ciphertext, so it opens for no other. */
  seal(owner: string, text: string): Promise<string>
  open(owner: string, sealed: string): Promise<string>
  /** Forgets the owner's key: everything sealed for it is unreadable from then on, backups included. */
  forget(owner: string): Promise<void>
}

type KeyTables = {
  server_secret_key: { owner: string; wrapped: Buffer }
}

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
/** First part of a sealed text: which way of sealing, so that another can follow. */
const VERSION = 'v1'

/** Reads the master key as its file holds it: 32 bytes in base64. */
export function parseMasterKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw new Error(`the master key must be ${KEY_BYTES} bytes in base64`)
  return key
}

/** A secret box whose wrapped keys are in the database and whose master key is not. */
export function makeSecretBox(
  // biome-ignore lint/complexity/noBannedTypes: this is where the tables are named
  database: Kysely<{}>,
  masterKey: Buffer,
): SecretBox {
  const db = database.withTables<KeyTables>()
  const find = async (owner: string): Promise<Buffer | undefined> => {
    const row = await read(() =>
      db.selectFrom('server_secret_key').select('wrapped').where('owner', '=', owner).executeTakeFirst(),
    )
    return row && decrypt(masterKey, `key:${owner}`, row.wrapped)
  }
  const findOrMake = async (owner: string): Promise<Buffer> => {
    const known = await find(owner)
    if (known) return known
    const wrapped = encrypt(masterKey, `key:${owner}`, randomBytes(KEY_BYTES))
    await read(() =>
      db
        .insertInto('server_secret_key')
        .values({ owner, wrapped })
        .onConflict((conflict) => conflict.column('owner').doNothing())
        .execute(),
    )
    // Read again: when two made a key at the same moment, the one in the table counts.
    const made = await find(owner)
    if (!made) throw new Error(`the key of ${owner} was forgotten while it was made`)
    return made
  }
  return {
    async seal(owner, text) {
      const sealed = encrypt(await findOrMake(owner), owner, Buffer.from(text, 'utf8'))
      return `${VERSION}.${sealed.toString('base64')}`
    },
    async open(owner, sealed) {
      const key = await find(owner)
      if (!key) throw new Error(`there is no key for ${owner}: it was forgotten`)
      return openText(key, owner, sealed)
    },
    async forget(owner) {
      await read(() => db.deleteFrom('server_secret_key').where('owner', '=', owner).execute())
    },
  }
}

function openText(key: Buffer, owner: string, sealed: string): string {
  const [version, body] = sealed.split('.')
  if (version !== VERSION || body === undefined) throw new Error('the sealed text has an unknown form')
  return decrypt(key, owner, Buffer.from(body, 'base64')).toString('utf8')
}

/** AES-256-GCM; the result is IV, tag, ciphertext. `bound` must be the same for opening. */
export function encrypt(key: Buffer, bound: string, plain: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound, 'utf8'))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), body])
}

/** Throws when the key or what was bound differs, or when a single bit was changed. */
export function decrypt(key: Buffer, bound: string, sealed: Buffer): Buffer {
  const iv = sealed.subarray(0, IV_BYTES)
  const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(bound, 'utf8'))
    .setAuthTag(tag)
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
}
