/** The mark of Maru: a ring. */
export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <circle
        cx="16"
        cy="16"
        r="11"
        fill="none"
        stroke="var(--mantine-primary-color-filled)"
        strokeWidth="6"
      />
    </svg>
  )
}
