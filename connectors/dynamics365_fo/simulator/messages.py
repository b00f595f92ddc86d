"""With which words does F&O refuse? English ones as recorded from live environments, German as for a German user.

The English texts of duplicate, look-up, mandatory field, update conflict, dependent lines and own-currency rate were
recorded from live environments; the others follow their pattern.
"""

from __future__ import annotations

INFO, WARNING, ERROR = "Info", "Warning", "Error"
KINDS = {"en": {INFO: "Info", WARNING: "Warning", ERROR: "Error"}}
KINDS["de"] = {INFO: "Info", WARNING: "Warnung", ERROR: "Fehler"}

TEXTS: dict[str, tuple[str, str]] = {
    "write_failed": (
        "Write failed for table row of type '{entity}'. Infolog: {infolog}.",
        "Fehler beim Schreiben der Tabellenzeile vom Typ '{entity}'. Infolog: {infolog}.",
    ),
    "duplicate": (
        "Cannot create a record in {table}. {caption}.\nThe record already exists.",
        "In {table} kann kein Datensatz erstellt werden. {caption}.\nDer Datensatz ist bereits vorhanden.",
    ),
    "lookup": (
        "The value '{value}' in field '{field}' is not found in the related table '{related}'.",
        "Der Wert '{value}' in Feld '{field}' wurde in der verknüpften Tabelle '{related}' nicht gefunden.",
    ),
    "validate_field": (
        "validateField failed on field '{place}'",
        "validateField ist für Feld '{place}' fehlgeschlagen",
    ),
    "validate_write": (
        "validateWrite failed on data source '{source}'",
        "validateWrite ist für die Datenquelle '{source}' fehlgeschlagen",
    ),
    "mandatory": ("Field '{field}' must be filled in.", "Das Feld '{field}' muss ausgefüllt werden."),
    "update_conflict": (
        (
            "Cannot edit a record in {table}.\nAn update conflict occurred due to another user process deleting the "
            "record or changing one or more fields in the record."
        ),
        (
            "Ein Datensatz in {table} kann nicht bearbeitet werden.\nEin Aktualisierungskonflikt ist aufgetreten, da "
            "ein anderer Benutzerprozess den Datensatz gelöscht oder geändert hat."
        ),
    ),
    "dependent": (
        "{table} cannot be deleted while dependent {dependent} exist.",
        "{table} kann nicht gelöscht werden, solange abhängige {dependent} vorhanden sind.",
    ),
    "own_rate": (
        "Currency exchange rate for standard currency must be = 1.00",
        "Der Wechselkurs für die Standardwährung muss = 1,00 sein",
    ),
    "too_long": (
        "The value '{value}' in field '{field}' is too long.",
        "Der Wert '{value}' in Feld '{field}' ist zu lang.",
    ),
    "posted": (
        "Journal {number} has been posted and cannot be changed.",
        "Das Journal {number} wurde gebucht und kann nicht geändert werden.",
    ),
    "in_workflow": (
        "Journal {number} is submitted to workflow and cannot be changed.",
        "Das Journal {number} befindet sich im Workflow und kann nicht geändert werden.",
    ),
    "sequence_manual": (
        "The number sequence {sequence} does not allow the number {value} to be entered.",
        "Der Nummernkreis {sequence} lässt die Eingabe der Nummer {value} nicht zu.",
    ),
    "not_editable": ("Field '{field}' cannot be edited.", "Das Feld '{field}' kann nicht bearbeitet werden."),
    "account_type": (
        "Account type {value} is not supported by this entity.",
        "Der Kontotyp {value} wird von dieser Entität nicht unterstützt.",
    ),
    "both_amounts": (
        "Either a debit amount or a credit amount can be entered, not both.",
        "Es kann entweder ein Sollbetrag oder ein Habenbetrag eingegeben werden.",
    ),
    "negative": (
        "Only positive debits and credits are allowed in journal {number}.",
        "Im Journal {number} sind nur positive Soll- und Habenbeträge zulässig.",
    ),
    "intercompany": (
        "Offset company {value} is not supported by this entity.",
        "Das Gegenkontounternehmen {value} wird von dieser Entität nicht unterstützt.",
    ),
    "line_limit": (
        "Journal {number} cannot have more than {value} lines.",
        "Das Journal {number} kann nicht mehr als {value} Positionen haben.",
    ),
    "no_format": (
        "There is no active dimension format for data entities.",
        "Es ist kein aktives Dimensionsformat für Datenentitäten vorhanden.",
    ),
    "suspended": (
        "{what} {value} is suspended or not active on {day}.",
        "{what} {value} ist gesperrt oder am {day} nicht aktiv.",
    ),
    "manual_entry": (
        "Manual entry is not allowed for main account {value}.",
        "Für das Hauptkonto {value} ist keine manuelle Eingabe zulässig.",
    ),
    "structure": (
        "The combination {value} is not valid for the account structure {structure}.",
        "Die Kombination {value} ist für die Kontenstruktur {structure} nicht gültig.",
    ),
    "structure_missing": (
        "Dimension {what} must be specified for main account {value} in the account structure {structure}.",
        "Die Dimension {what} muss für das Hauptkonto {value} in der Kontenstruktur {structure} angegeben werden.",
    ),
    "unbalanced": (
        (
            "The transactions on voucher {voucher} do not balance as per {day} (accounting currency: {accounting} - "
            "reporting currency: {reporting})."
        ),
        (
            "Die Buchungen auf Beleg {voucher} sind per {day} nicht ausgeglichen (Buchhaltungswährung: {accounting} - "
            "Berichtswährung: {reporting})."
        ),
    ),
    "period": (
        "Period for {day} is not open in company {company} for module {module}.",
        "Die Periode für {day} ist im Unternehmen {company} für das Modul {module} nicht offen.",
    ),
    "no_period": ("Fiscal period for {day} does not exist.", "Für {day} ist keine Geschäftsperiode vorhanden."),
    "side": (
        "Main account {value} accepts only {side} transactions.",
        "Das Hauptkonto {value} lässt nur {side}-Buchungen zu.",
    ),
    "no_rate": (
        "Exchange rate does not exist between {value} and {other} on {day}.",
        "Zwischen {value} und {other} ist am {day} kein Wechselkurs vorhanden.",
    ),
    "not_approved": (
        "Journal {number} must be approved through workflow before it can be posted.",
        "Das Journal {number} muss vor der Buchung im Workflow genehmigt werden.",
    ),
    "no_lines": ("Journal {number} has no lines.", "Das Journal {number} enthält keine Positionen."),
    "no_amount": ("Line {value} has no amount.", "Die Position {value} hat keinen Betrag."),
    "bank_currency": (
        "Bank account {value} does not take transactions in {currency}.",
        "Das Bankkonto {value} nimmt keine Buchungen in {currency} an.",
    ),
    "vendor_hold": ("Vendor {value} is on hold.", "Der Kreditor {value} ist gesperrt."),
    "invoice_used": (
        "Invoice number {value} has already been used for vendor {vendor}.",
        "Die Rechnungsnummer {value} wurde für den Kreditor {vendor} bereits verwendet.",
    ),
    "forbidden_dates": ("Lines of voucher {voucher} have different dates.", "Beleg {voucher} hat verschiedene Daten."),
    "invoice_posted": ("Invoice {value} is posted.", "Die Rechnung {value} ist gebucht."),
    "window": (
        "Number of requests exceeded the limit of {value} over the time window of {seconds} seconds.",
        "Die Anzahl der Anforderungen hat das Limit von {value} im Zeitfenster von {seconds} Sekunden überschritten.",
    ),
    "concurrent": (
        "Number of concurrent requests exceeded the limit of {value}.",
        "Die Anzahl der gleichzeitigen Anforderungen hat das Limit von {value} überschritten.",
    ),
    "throttled": (
        (
            "This request could not be processed at this time due to system experiencing high resource utilization. "
            "Retry the request after {value} seconds"
        ),
        (
            "Diese Anforderung konnte wegen hoher Ressourcenauslastung nicht verarbeitet werden. "
            "Wiederholen Sie die Anforderung nach {value} Sekunden"
        ),
    ),
}


def text(name: str, language: str, **values: object) -> str:
    """A message in the user's language: German for `de…`, English for every other."""
    return TEXTS[name][1 if language.startswith("de") else 0].format(**values)


def segment(kind: str, words: str, language: str) -> str:
    return f"{KINDS['de' if language.startswith('de') else 'en'][kind]}: {words}"
