/** Envelope encryption: a key for each owner (an app), wrapped by the installation's master key. */
export interface SecretBox {
  /** Encrypts text for `owner`; the owner is bound into the ciphertext, so it opens for no other. */
  seal(owner: string, text: string): Promise<string>
  open(owner: string, sealed: string): Promise<string>
  /** Forgets the owner's key: everything sealed for it is unreadable from then on, backups included. */
  forget(owner: string): Promise<void>
}
