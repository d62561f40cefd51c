"""The texts of faults by their code: the fault and its remedy, each in Spanish and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class FaultText(NamedTuple):
    """Texts about a fault: its description (``what``) and its remedy, each in Spanish and in English."""

    what: tuple[str, str]
    remedy: tuple[str, str]


_DOWNLOAD_AGAIN: Final = (
    "Descargue el fichero otra vez y no lo abra ni lo guarde con otro programa.",
    "Download the file again, and do not open or save it with another program.",
)
_FILE_LEFT_OUT: Final = (
    "No se cuenta nada de él. " + _DOWNLOAD_AGAIN[0],
    "None of it is counted. " + _DOWNLOAD_AGAIN[1],
)
_ROW_LEFT_OUT: Final = (
    "La fila no se cuenta. Corrija la celda, o descargue el fichero otra vez.",
    "The row is not counted. Correct the cell, or download the file again.",
)
_NOTHING_TO_DO: Final = ("No tiene que hacer nada.", "You need not do anything.")

DIFFERING_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "text": ("el texto", "the text"),
    "time": ("la hora", "the time"),
    "kind": ("la clase de mensaje", "the kind of message"),
    "alternative_texts": ("los textos alternativos", "the alternative texts"),
}
"""Names of the fields in which copies of a message may differ, in Spanish and in English."""

FAULT_TEXTS: Final[Mapping[str, FaultText]] = {
    # Files and archives
    "file_missing": FaultText(
        ("No existe el fichero.", "The file does not exist."),
        ("Compruebe el nombre y la carpeta.", "Check the name and the folder."),
    ),
    "folder_empty": FaultText(
        ("La carpeta no tiene ningún fichero que leer.", "The folder has no file to read."),
        (
            "Compruebe que es la carpeta de sus descargas, y que ya están en ella.",
            "Check that it is the folder of your downloads, and that they are in it already.",
        ),
    ),
    "file_unreadable": FaultText(
        ("No se puede abrir el fichero.", "The file cannot be opened."),
        ("Compruebe que tiene permiso para leerlo.", "Check that you may read it."),
    ),
    "empty_file": FaultText(("El fichero está vacío.", "The file is empty."), _DOWNLOAD_AGAIN),
    "file_twice": FaultText(
        ("El fichero tiene el mismo contenido que {suggestion}.", "The file has the same content as {suggestion}."),
        ("Se cuenta una vez. " + _NOTHING_TO_DO[0], "It is counted once. " + _NOTHING_TO_DO[1]),
    ),
    "file_too_large": FaultText(
        (
            "El fichero es demasiado grande para leerlo entero ({value} bytes).",
            "The file is too large to be read as a whole ({value} bytes).",
        ),
        (
            "Guárdelo como CSV, o descárguelo por periodos más cortos.",
            "Save it as CSV, or download it for shorter periods.",
        ),
    ),
    "unknown_format": FaultText(
        ("El fichero no es de ningún formato conocido.", "The file is of no format that is known."),
        (
            "Mire en la guía qué fichero hay que descargar. Si es un registro propio, indique sus columnas.",
            "See in the guide which file to download. If it is a log of your own, say which columns it has.",
        ),
    ),
    "own_workbook": FaultText(
        ("Es un libro de este programa, y no una exportación.", "It is a workbook of this program, and no export."),
        (
            "Aquí no se lee. Si ha codificado en él, indíquelo con --coded.",
            "It is not read here. If you have coded in it, name it by --coded.",
        ),
    ),
    "nothing_recognised": FaultText(
        ("El archivo o la carpeta no contiene mensajes conocidos.", "The archive or folder holds no known messages."),
        (
            "Pida la descarga en formato JSON, no en HTML, y con las publicaciones y los mensajes.",
            "Ask for the download as JSON, not HTML, and with posts and messages.",
        ),
    ),
    "no_messages": FaultText(
        (
            "El fichero es del formato correcto, pero no tiene mensajes.",
            "The file has the right format, but no messages.",
        ),
        (
            "Compruebe el periodo que pidió al descargarlo.",
            "Check the period that you asked for when you downloaded it.",
        ),
    ),
    "files_ignored": FaultText(
        ("Ficheros sin mensajes, que no se leen: {value}.", "Files without messages, which are not read: {value}."),
        _NOTHING_TO_DO,
    ),
    "half_file": FaultText(
        ("El fichero está incompleto o dañado.", "The file breaks off or is damaged."),
        _FILE_LEFT_OUT,
    ),
    "unknown_encoding": FaultText(
        ("No se sabe en qué codificación está escrito el texto.", "The encoding of the text is not known."),
        ("Guárdelo como CSV UTF-8.", "Save it as CSV UTF-8."),
    ),
    "not_utf8": FaultText(
        (
            "El fichero no está en UTF-8; se ha leído como Windows-1252.",
            "The file is not UTF-8; it was read as Windows-1252.",
        ),
        (
            "Compruebe que las tildes se ven bien. Si no, descargue el fichero otra vez.",
            "Check that accents look right. If they do not, download the file again.",
        ),
    ),
    "mojibake_repaired": FaultText(
        (
            "Las tildes y los emojis estaban mal codificados y se han arreglado.",
            "Accents and emoji were broken and have been repaired.",
        ),
        _NOTHING_TO_DO,
    ),
    "archive_too_large": FaultText(
        (
            "El archivo comprimido es demasiado grande por dentro ({value}).",
            "The archive is too large inside ({value}).",
        ),
        (
            "No se abre. Descargue un periodo más corto, o dé los ficheros sueltos.",
            "It is not opened. Download a shorter period, or give the files by themselves.",
        ),
    ),
    "path_outside": FaultText(
        (
            "El archivo comprimido quiere escribir fuera de su carpeta.",
            "The archive has a member with a path outside of it.",
        ),
        (
            "No se abre: ninguna plataforma los hace así. Descárguelo otra vez de la plataforma.",
            "It is not opened: no platform makes such archives. Download it again from the platform.",
        ),
    ),
    "archive_encrypted": FaultText(
        ("El archivo comprimido tiene contraseña.", "The archive has a password."),
        ("Ábralo usted y dé la carpeta.", "Unpack it yourself and give the folder."),
    ),
    "archive_not_zip": FaultText(
        ("El archivo está comprimido, pero no en ZIP.", "The archive is packed, but is no ZIP."),
        ("Ábralo usted y dé la carpeta.", "Unpack it yourself and give the folder."),
    ),
    "archive_in_archive": FaultText(
        ("Hay un archivo comprimido dentro de otro.", "There is an archive within the archive."),
        ("Sáquelo y délo por separado.", "Take it out and give it by itself."),
    ),
    # Tables
    "broken_table": FaultText(
        ("La tabla está mal formada a partir de la línea {line}.", "The table is malformed from line {line} on."),
        ("No se cuenta nada de ella. " + _DOWNLOAD_AGAIN[0], "None of it is counted. " + _DOWNLOAD_AGAIN[1]),
    ),
    "broken_json": FaultText(
        ("El fichero no es JSON correcto.", "The file is not well-formed JSON."),
        _FILE_LEFT_OUT,
    ),
    "broken_xml": FaultText(
        ("El canal de noticias no es XML correcto.", "The feed is not well-formed XML."),
        _FILE_LEFT_OUT,
    ),
    "script_not_json": FaultText(
        (
            "El fichero es un programa en JavaScript y no el JSON que entrega la plataforma.",
            "The file is JavaScript and not the JSON that the platform hands out.",
        ),
        (
            "Use tweets.js tal como viene en el archivo de X, sin pasarlo por otro programa.",
            "Use tweets.js as it comes in the archive of X, not through another program.",
        ),
    ),
    "object_expected": FaultText(
        (
            "Aquí debería haber un mensaje y hay otra cosa.",
            "There should be a message here, and there is something else.",
        ),
        ("No se cuenta. " + _DOWNLOAD_AGAIN[0], "It is not counted. " + _DOWNLOAD_AGAIN[1]),
    ),
    "column_missing": FaultText(
        (
            "Falta la columna «{column}». Quizá se llame ahora «{suggestion}».",
            "The column “{column}” is missing. It may now be called “{suggestion}”.",
        ),
        (
            "No se cuenta nada del fichero. Si la plataforma ha cambiado el nombre, cámbielo en la primera fila.",
            "None of the file is counted. If the platform changed the name, change it in the first row.",
        ),
    ),
    "column_repeated": FaultText(
        ("La columna «{column}» está repetida.", "The column “{column}” is there more than once."),
        (
            "No se cuenta nada del fichero. Deje una sola, o cambie el nombre de la otra en la primera fila.",
            "None of the file is counted. Leave only one, or change the name of the other in the first row.",
        ),
    ),
    "several_sheets": FaultText(
        (
            "El libro tiene mensajes en {value} hojas, y solo se lee una.",
            "The workbook has messages on {value} sheets, and only one is read.",
        ),
        (
            "No se cuenta nada de él. Ponga todas las filas en una hoja, o guarde cada hoja como un fichero aparte.",
            "None of it is counted. Put all rows on one sheet, or save each sheet as a file of its own.",
        ),
    ),
    "column_unlikely": FaultText(
        (
            "La columna «{column}» no se conoce. ¿Es «{suggestion}»?",
            "The column “{column}” is not known. Is it “{suggestion}”?",
        ),
        (
            "Los mensajes se cuentan sin ella. Si lo es, cambie su nombre en la primera fila.",
            "The messages count without it. If it is, change its name in the first row.",
        ),
    ),
    "row_length": FaultText(
        (
            "La fila tiene {value} celdas, que no son las de la cabecera.",
            "The row has {value} cells, not as many as the header.",
        ),
        _ROW_LEFT_OUT,
    ),
    "last_line_open": FaultText(
        (
            "La última fila no termina con un salto de línea.",
            "The last row does not end with a line break.",
        ),
        (
            "Se cuenta todo. Compruebe que la última fila está completa.",
            "All is counted. Check that the last row is whole.",
        ),
    ),
    "cell_missing": FaultText(
        ("La celda de «{column}» está vacía.", "The cell of “{column}” is blank."),
        _ROW_LEFT_OUT,
    ),
    "ids_repeated": FaultText(
        (
            "Mensajes distintos tienen el mismo identificador, desde la línea {line}.",
            "Different messages have the same id, from line {line} on.",
        ),
        (
            "No se cuenta nada del fichero. Dé a cada mensaje un identificador que no se repita, tampoco en otro "
            "fichero, o quite la columna.",
            "None of the file is counted. Give each message an id that is not repeated, nor in another file, or remove "
            "the column.",
        ),
    ),
    "id_rounded": FaultText(
        (
            "Una hoja de cálculo ha redondeado el identificador «{value}».",
            "A spreadsheet has rounded the id “{value}”.",
        ),
        (
            "La fila no se cuenta. " + _DOWNLOAD_AGAIN[0],
            "The row is not counted. " + _DOWNLOAD_AGAIN[1],
        ),
    ),
    "number_rounded": FaultText(
        ("El número «{value}» está redondeado.", "The number “{value}” is rounded."),
        (
            "El mensaje se cuenta, este número no. Descargue la tabla de la plataforma, con el número exacto.",
            "The message is counted, this number is not. Download the platform's table, which has the exact one.",
        ),
    ),
    "number_invalid": FaultText(
        ("«{value}» no es un número entero.", "“{value}” is no whole number."),
        ("El mensaje se cuenta, pero este número no.", "The message is counted, this number is not."),
    ),
    "word_unknown": FaultText(
        ("La palabra de la columna «{column}» no se conoce.", "The word in the column “{column}” is not known."),
        (
            "El mensaje se cuenta sin este dato. Avise al proyecto, que la añadirá.",
            "The message is counted without it. Tell the project, which will add it.",
        ),
    ),
    "network_unlikely": FaultText(
        (
            "La red de la columna «{column}» no se conoce. ¿Es {suggestion}?",
            "The network in the column “{column}” is not known. Is it {suggestion}?",
        ),
        (
            "El mensaje se cuenta en una red y una cuenta aparte. Si es {suggestion}, corrija la celda.",
            "The message is counted in a network and an account of its own. If it is {suggestion}, correct the cell.",
        ),
    ),
    "kind_unknown": FaultText(
        (
            "No se sabe qué clase de mensaje es: columna «{column}».",
            "It is not known which kind of message it is: column “{column}”.",
        ),
        (
            "La fila no se cuenta. Escriba una clase de la plantilla, o añada la palabra a las de su registro.",
            "The row is not counted. Write a kind of the template, or add the word to the list of your log.",
        ),
    ),
    # Times
    "time_missing": FaultText(("Falta la fecha.", "The date is missing."), _ROW_LEFT_OUT),
    "time_invalid": FaultText(("«{value}» no es una fecha u hora.", "“{value}” is no date or time."), _ROW_LEFT_OUT),
    "date_without_year": FaultText(
        ("La fecha «{value}» no dice el año.", "The date “{value}” does not say the year."),
        (
            "La fila no se cuenta. Descargue la tabla con fechas completas, o añada el año.",
            "The row is not counted. Download the table with whole dates, or add the year.",
        ),
    ),
    "date_ambiguous": FaultText(
        (
            "La fecha «{value}» se puede leer de dos maneras: {suggestion}.",
            "The date “{value}” has two readings: {suggestion}.",
        ),
        (
            "La fila no se cuenta. Diga si va primero el día o el mes (opción --dates).",
            "The row is not counted. Say whether the day or the month comes first (option --dates).",
        ),
    ),
    "dates_contradict": FaultText(
        (
            "En la columna «{column}» unas fechas empiezan por el día y otras por el mes.",
            "In the column “{column}” some dates begin with the day and others with the month.",
        ),
        (
            "No se cuenta nada del fichero. Suele pasar al guardarlo con una hoja de cálculo. " + _DOWNLOAD_AGAIN[0],
            "None of the file is counted. It happens when a spreadsheet saves it. " + _DOWNLOAD_AGAIN[1],
        ),
    ),
    "dates_mixed": FaultText(
        (
            "En la columna «{column}» unas celdas son fechas y otras son texto, como 31/03/2026.",
            "In the column “{column}” some cells are dates and others are text, such as 31/03/2026.",
        ),
        (
            "No se cuenta nada del fichero: una hoja de cálculo puede haber cambiado el día por el mes. Descárguelo "
            "otra vez o, si lo escribe usted, ponga todas como fechas.",
            "None of the file is counted: a spreadsheet may have swapped day and month. Download it again or, if you "
            "write it yourself, enter all of them as dates.",
        ),
    ),
    "zone_unusual": FaultText(
        (
            "Las horas no son las de California, en las que escribe Meta: según las direcciones, son las de su zona.",
            "The times are not those of California, in which Meta writes: by the addresses, they are of your zone.",
        ),
        ("Se cuentan como tales. " + _NOTHING_TO_DO[0], "They count as such. " + _NOTHING_TO_DO[1]),
    ),
    # Accounts and conversations
    "several_accounts": FaultText(
        ("El fichero tiene publicaciones de varias cuentas.", "The file has posts of several accounts."),
        (
            "Se cuentan todas. Diga cuáles son suyas (opción --account).",
            "All are counted. Say which of them are yours (option --account).",
        ),
    ),
    "account_unknown": FaultText(
        (
            "El fichero no dice de qué cuenta es, y usted tiene varias en esta red.",
            "The file does not say which account it is of, and you have several on this network.",
        ),
        (
            "No se cuenta. Dé los ficheros de cada cuenta por separado.",
            "It is not counted. Give the files of each account by themselves.",
        ),
    ),
    "own_name_unknown": FaultText(
        (
            "No se sabe qué mensajes de la conversación son suyos.",
            "It is not known which messages of the conversation are yours.",
        ),
        (
            "No se cuenta. Diga el nombre de su cuenta tal como aparece en ella (opción --account).",
            "It is not counted. Say the name of your account as it stands there (option --account).",
        ),
    ),
    "own_authors_unknown": FaultText(
        (
            "Ningún mensaje del registro es suyo: todos cuentan como recibidos.",
            "No message of the log is yours: all count as received.",
        ),
        (
            "Ponga en own_authors los nombres que su organismo tiene en la columna «{column}».",
            "Put the names that your body has in the column “{column}” into own_authors.",
        ),
    ),
    "text_before_chat": FaultText(
        ("Hay texto antes del primer mensaje.", "There is text before the first message."),
        (
            "No se cuenta. Compruebe que el chat empieza al principio.",
            "It is not counted. Check that the chat is whole.",
        ),
    ),
    "counts_daily": FaultText(
        (
            "Un mensaje está varias veces en el fichero, con cifras distintas: son las de cada día.",
            "A message is in the file several times with different figures: they are those of each day.",
        ),
        (
            "El mensaje se cuenta una vez y sin cifras. Descargue las del total («Lifetime») y no por días.",
            "The message is counted once and without figures. Download those of the total (“Lifetime”), not by days.",
        ),
    ),
    "copies_differ": FaultText(
        (
            "Un mensaje está en varios ficheros, y no dicen lo mismo: {column}.",
            "A message is in several files, which do not say the same: {column}.",
        ),
        (
            "Se cuenta una vez. Mire si uno de los ficheros es anterior a una corrección del mensaje.",
            "It is counted once. See whether one of the files is older than a correction of the message.",
        ),
    ),
}
