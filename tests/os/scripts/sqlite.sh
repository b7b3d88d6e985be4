# sqlite3 on the disk: 10000 rows in a transaction, an index, a rollback, integrity.
sqlite3 db <<'END'
create table t(id integer primary key, name text, value real);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000) insert into t select i, 'name' || (i * 7919 % 10000), i / 3.0 from n;
commit;
select count(*), sum(id), max(name), round(avg(value), 3) from t;
create index by_name on t(name);
select id, name from t where name = 'name4242';
begin; delete from t where id % 2; select count(*) from t; rollback;
select count(*) from t;
update t set value = value * 2 where id < 100;
select round(sum(value), 3) from t where id < 100;
pragma integrity_check;
select name, count(*) from t group by length(name) order by 2;
END
sqlite3 db 'vacuum; pragma integrity_check; select count(*) from t'
sqlite3 db "pragma journal_mode=wal" "insert into t(name) values('wal')" "select count(*) from t"
for i in 1 2 3 4 5 6 7 8 9 10; do sqlite3 db "insert into t(name) values('row $i')"; done; sqlite3 db 'select count(*) from t; pragma integrity_check'
