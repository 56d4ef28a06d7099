import { z } from 'zod'
import { TeamRole } from './access.ts'
import { Instant, TokenId } from './ids.ts'
import { route } from './route.ts'

export const ACCOUNT_LIMITS = {
  passwordMin: 12,
  passwordMax: 128,
  setupLinkHours: 24,
  tokenDays: 90,
  sessionHours: 12,
  loginAttempts: 10,
  loginWindowS: 900,
} as const

export const Email = z.email('must be an e-mail address').max(254).describe('E-mail address')
export const Password = z
  .string()
  .min(ACCOUNT_LIMITS.passwordMin, `must have at least ${ACCOUNT_LIMITS.passwordMin} characters`)
  .max(ACCOUNT_LIMITS.passwordMax)
  .describe('Password')
/** Names are printed on terminals and stored in PostgreSQL: neither bears control characters. */
const NO_CONTROL = /^[^\p{Cc}\p{Cs}\p{Bidi_Control}]*$/u
const plain = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .regex(NO_CONTROL, 'must not have control characters')
export const PersonName = plain.max(100).describe('Name as others see it')

export const Token = z.strictObject({
  id: TokenId,
  name: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Instant.nullable(),
})
export type Token = z.infer<typeof Token>
/** `secret` is shown this once; only its hash is kept. */
export const NewToken = z.strictObject({ token: Token, secret: z.string() })
export type NewToken = z.infer<typeof NewToken>

export const Me = z.strictObject({
  kind: z.enum(['user', 'root']),
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  operator: z.boolean(),
  teams: z.array(z.strictObject({ id: z.string(), name: z.string(), role: TeamRole })),
})
export type Me = z.infer<typeof Me>

const setupFields = {
  token: z
    .string()
    .min(1)
    .max(200)
    .describe('Of the set-up link: what stands between # and the first full stop'),
  email: Email,
  name: PersonName,
  password: Password,
}
const loginFields = { email: Email, password: z.string().min(1).max(ACCOUNT_LIMITS.passwordMax) }
const tokenName = plain.max(60).default('maru CLI').describe('What the token is for')

export const accountRoutes = {
  setup: route({
    method: 'POST',
    path: '/v1/setup',
    summary: 'Take the one-time set-up link: makes the first operator and a token',
    access: { resource: 'public', action: 'create' },
    recorded: { body: ['email', 'name'] },
    body: z.strictObject({ ...setupFields, tokenName }),
    response: NewToken,
    status: 201,
  }),
  login: route({
    method: 'POST',
    path: '/v1/login',
    summary: 'Sign in with a password; answers with a token',
    access: { resource: 'public', action: 'create' },
    recorded: { body: ['email', 'tokenName'] },
    body: z.strictObject({ ...loginFields, tokenName }),
    response: NewToken,
    status: 201,
  }),
  signIn: route({
    method: 'POST',
    path: '/v1/session',
    summary: 'Sign in with a password in a browser; sets the session cookie',
    access: { resource: 'public', action: 'create' },
    recorded: { body: ['email'] },
    body: z.strictObject(loginFields),
    response: Me,
    status: 201,
  }),
  signInBySetup: route({
    method: 'POST',
    path: '/v1/session/setup',
    summary: 'Take the one-time set-up link in a browser: makes the first operator, sets the session cookie',
    access: { resource: 'public', action: 'create' },
    recorded: { body: ['email', 'name'] },
    body: z.strictObject(setupFields),
    response: Me,
    status: 201,
  }),
  signOut: route({
    method: 'DELETE',
    path: '/v1/session',
    summary: 'End the session of this browser at once',
    access: { resource: 'self', action: 'destroy' },
    response: z.strictObject({ ended: z.literal(true) }),
  }),
  me: route({
    method: 'GET',
    path: '/v1/me',
    summary: 'Who you are',
    access: { resource: 'self', action: 'read' },
    response: Me,
  }),
  tokens: route({
    method: 'GET',
    path: '/v1/tokens',
    summary: 'Your API tokens',
    access: { resource: 'self', action: 'read' },
    response: z.strictObject({ tokens: z.array(Token) }),
  }),
  createToken: route({
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Make an API token',
    access: { resource: 'self', action: 'create' },
    recorded: { body: ['name', 'days'] },
    body: z.strictObject({
      name: tokenName,
      days: z.number().int().min(1).max(365).default(ACCOUNT_LIMITS.tokenDays),
    }),
    response: NewToken,
    status: 201,
  }),
  revokeToken: route({
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    summary: 'Revoke an API token at once',
    access: { resource: 'self', action: 'destroy' },
    params: z.strictObject({ token: TokenId }),
    response: z.strictObject({ revoked: z.literal(true) }),
  }),
  setupLink: route({
    method: 'POST',
    path: '/v1/setup-link',
    summary: 'Make a new set-up link; the one before stops working',
    access: { resource: 'platform', action: 'manage' },
    response: z.strictObject({ token: z.string(), expiresAt: Instant }),
    status: 201,
  }),
}
