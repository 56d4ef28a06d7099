/** Whether an address has neither a user nor a password in it: it is shown and kept in logs, where a secret has no place. */
export function namesNoUser(url: string): boolean {
  const { username, password } = new URL(url)
  return username === '' && password === ''
}
export const NAMES_A_USER = 'must not have a user in it'
