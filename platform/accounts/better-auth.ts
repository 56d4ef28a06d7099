import { betterAuth } from 'better-auth'
import type { Kysely } from 'kysely'
import { ACCOUNT_LIMITS } from '#contract/accounts.ts'

/** What the accounts capability needs from outside: how the installation is reached and its signing secret. */
export interface AuthSettings {
  readonly url: string
  readonly secret: string
}

const timestamps = { createdAt: 'created_at', updatedAt: 'updated_at' } as const

/**
 * better-auth over our tables. Its HTTP endpoints are not served: our routes use its store of people and its password
 * hasher (scrypt), so that passkeys, second factors and invitations can be switched on later without a move of data.
 * Sign-up is closed; people come in through the set-up link.
 */
// biome-ignore lint/complexity/noBannedTypes: better-auth names its own tables
export function makeAuth(db: Kysely<{}>, { url, secret }: AuthSettings) {
  return betterAuth({
    appName: 'Maru',
    baseURL: url,
    secret,
    // Inside a transaction of the caller it must not open another.
    database: { db, type: 'postgres', transaction: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: ACCOUNT_LIMITS.passwordMin,
      maxPasswordLength: ACCOUNT_LIMITS.passwordMax,
    },
    user: {
      modelName: 'accounts_user',
      fields: { emailVerified: 'email_verified', ...timestamps },
      additionalFields: { operator: { type: 'boolean', required: true, defaultValue: false, input: false } },
    },
    session: {
      modelName: 'accounts_session',
      fields: {
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        userId: 'user_id',
        ...timestamps,
      },
    },
    account: {
      modelName: 'accounts_account',
      fields: {
        accountId: 'account_id',
        providerId: 'provider_id',
        userId: 'user_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        ...timestamps,
      },
    },
    verification: {
      modelName: 'accounts_verification',
      fields: { expiresAt: 'expires_at', ...timestamps },
    },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
}

const CREDENTIAL = 'credential'

/** Adds a person with a password that was hashed before. */
export async function addPerson(
  auth: ReturnType<typeof makeAuth>,
  person: {
    readonly email: string
    readonly name: string
    readonly passwordHash: string
    readonly operator: boolean
  },
): Promise<string> {
  const { internalAdapter } = await auth.$context
  const user = await internalAdapter.createUser(
    { email: person.email, name: person.name, operator: person.operator },
    { method: 'email-password' },
  )
  await internalAdapter.createAccount({
    userId: user.id,
    providerId: CREDENTIAL,
    accountId: user.id,
    password: person.passwordHash,
  })
  return user.id
}

/** Hashes a password the way that better-auth checks it. */
export async function hashPassword(auth: ReturnType<typeof makeAuth>, password: string): Promise<string> {
  return await (await auth.$context).password.hash(password)
}

/** The person's id when the password is right. An unknown address takes as long as a wrong password. */
export async function findByPassword(
  auth: ReturnType<typeof makeAuth>,
  email: string,
  password: string,
): Promise<string | undefined> {
  const context = await auth.$context
  const found = await context.internalAdapter.findUserByEmail(email, { includeAccounts: true })
  const hash = found?.accounts.find(({ providerId }) => providerId === CREDENTIAL)?.password
  if (!found || !hash) {
    await context.password.hash(password)
    return undefined
  }
  return (await context.password.verify({ hash, password })) ? found.user.id : undefined
}
