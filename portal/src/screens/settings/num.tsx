/** A field for a number; NaN while it is empty. */

export function Num({ label, value, least = 0, most, onInput }: {
  label: string;
  value: number;
  least?: number;
  most?: number;
  onInput: (value: number) => void;
}) {
  return (
    <label class="field"><span>{label}</span>
      <input
        type="number"
        min={least}
        max={most}
        step="any"
        value={Number.isNaN(value) ? "" : value}
        onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
